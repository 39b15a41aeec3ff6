//go:build unix

package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// stable are the packages for other programs.
var stable = []string{"compute", "cpu", "compute/opengl", "compute/nn"}

// TestStableAPI checks that other programs can use the packages for them: the exported API of each mentions only types of these
// packages, so not those of internal packages, and there is an example.
func TestStableAPI(t *testing.T) {
	module := modulePath(t)
	allowed := append([]string{"compute/philox", "shaders"}, stable...)
	for _, pkg := range stable {
		examples := 0
		for name, file := range parsed(t, filepath.Join("..", pkg)) {
			if strings.HasSuffix(name, "_test.go") {
				for _, d := range file.Decls {
					if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Example") {
						examples++
					}
				}
				continue
			}
			for _, used := range foreign(file) {
				if from, ours := strings.CutPrefix(used, module+"/"); ours && !slices.Contains(allowed, path.Dir(from)) {
					t.Errorf("%s: the API mentions %s", name, used)
				}
			}
		}
		if examples == 0 {
			t.Errorf("%s has no example", pkg)
		}
	}
}

// TestStubAPI checks that the GPU backend has the same functions and methods in a build without it, so that programs that use
// it compile there too.
func TestStubAPI(t *testing.T) {
	stub, real := map[string]bool{}, map[string]bool{}
	for name, file := range parsed(t, "../compute/opengl") {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		list := real
		if filepath.Base(name) == "stub.go" {
			list = stub
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.IsExported() && (f.Recv == nil || receiver(f) == "Backend") {
				list[f.Name.Name] = true
			}
		}
	}
	// The stub embeds the interface Backend, which has these.
	for _, d := range parsed(t, "../compute")["../compute/backend.go"].Scope.Lookup("Backend").Decl.(*ast.TypeSpec).Type.(*ast.InterfaceType).Methods.List {
		stub[d.Names[0].Name] = true
	}
	if !maps.Equal(stub, real) {
		t.Errorf("with OpenGL %v\nwithout %v", slices.Sorted(maps.Keys(real)), slices.Sorted(maps.Keys(stub)))
	}
}

// parsed returns the files of a package, with those of all builds.
func parsed(t *testing.T, dir string) map[string]*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %v, %v", dir, names, err)
	}
	files := map[string]*ast.File{}
	for _, name := range names {
		if files[name], err = parser.ParseFile(token.NewFileSet(), name, nil, 0); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// receiver returns the name of a method's type.
func receiver(f *ast.FuncDecl) string {
	t := f.Recv.List[0].Type
	if p, ok := t.(*ast.StarExpr); ok {
		t = p.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// foreign returns the names of other packages, with their import paths, that the exported declarations of a file mention. It
// omits values and aliases: an alias gives a program a name for the type.
func foreign(file *ast.File) (list []string) {
	imports := map[string]string{}
	for _, i := range file.Imports {
		where, _ := strconv.Unquote(i.Path.Value)
		name := path.Base(where)
		if i.Name != nil {
			name = i.Name.Name
		}
		imports[name] = where
	}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil && !ast.IsExported(receiver(f)) {
			f.Name.Name = "_" // a method of a type that is not exported
		}
	}
	ast.FileExports(file)
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec, *ast.BlockStmt:
			return false
		case *ast.TypeSpec:
			return !n.Assign.IsValid()
		case *ast.ValueSpec:
			return n.Type != nil
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && imports[x.Name] != "" {
				list = append(list, imports[x.Name]+"/"+n.Sel.Name)
			}
		}
		return true
	})
	return list
}
