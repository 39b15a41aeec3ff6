// Package release tests the scripts that build the archives of a release and change the path of the module.
package release
