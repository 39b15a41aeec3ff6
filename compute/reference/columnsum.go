package reference

import "shadegrad/compute"

func init() { register(columnSum) }

func columnSum(o compute.ColumnSum, _ compute.Args, m Memory) {
	src := m.Load(o.Src)
	dst := NewMatrix(1, src.Cols)
	for e, v := range src.Val {
		dst.Val[e%src.Cols] += v
	}
	m.Store(o.Dst, dst)
}
