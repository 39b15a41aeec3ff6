package sgemm_test

import (
	"fmt"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/gonum"

	"shadegrad/internal/sgemm"
	"shadegrad/internal/workers"
)

func ExampleNew() {
	pool := workers.New(2)
	defer pool.Close()
	blas32.Use(sgemm.New(pool))
	defer blas32.Use(gonum.Implementation{})

	a := blas32.General{Rows: 2, Cols: 3, Stride: 3, Data: []float32{1, 2, 3, 4, 5, 6}}
	c := blas32.General{Rows: 2, Cols: 2, Stride: 2, Data: make([]float32, 4)}
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, a, a, 0, c)
	fmt.Println(c.Data)
	// Output: [14 32 32 77]
}

// A relu replaces the negative elements of C, block by block.
type relu struct{}

func (relu) Block(_, _, _, rows, cols int, c []float32, ld int) {
	for r := range rows {
		row := c[r*ld : r*ld+cols]
		for i, v := range row {
			row[i] = max(v, 0)
		}
	}
}

func ExampleEngine_Run() {
	pool := workers.New(2)
	defer pool.Close()
	engine := sgemm.NewEngine(pool)
	c := make([]float32, 4)
	engine.Run(&sgemm.Product{
		M: 2, N: 2, K: 1,
		A: []float32{1, -1}, LDA: 1,
		B: []float32{3, -4}, LDB: 2,
		C: c, LDC: 2,
		Alpha: 1, Epilogue: relu{},
	})
	fmt.Println(c)
	// Output: [3 0 0 4]
}
