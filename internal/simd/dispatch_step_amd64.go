package simd

func stepSGD(p *Step, w, g []float32) {
	switch bare := p.bare(); {
	case level == AVX512 && bare:
		stepSGDBareAVX512(&p.Rate, &w[0], &g[0], len(w))
	case level == AVX512:
		stepSGDAVX512(&p.Rate, &w[0], &g[0], len(w))
	case level == AVX2 && bare:
		stepSGDBareAVX2(&p.Rate, &w[0], &g[0], len(w))
	case level == AVX2:
		stepSGDAVX2(&p.Rate, &w[0], &g[0], len(w))
	default:
		stepSGDGo(p, w, g)
	}
}

func stepMomentum(p *Step, w, v, g []float32) {
	switch bare := p.bare(); {
	case level == AVX512 && bare:
		stepMomentumBareAVX512(&p.Rate, &w[0], &v[0], &g[0], len(w))
	case level == AVX512:
		stepMomentumAVX512(&p.Rate, &w[0], &v[0], &g[0], len(w))
	case level == AVX2 && bare:
		stepMomentumBareAVX2(&p.Rate, &w[0], &v[0], &g[0], len(w))
	case level == AVX2:
		stepMomentumAVX2(&p.Rate, &w[0], &v[0], &g[0], len(w))
	default:
		stepMomentumGo(p, w, v, g)
	}
}

func stepNesterov(p *Step, w, v, g []float32) {
	switch bare := p.bare(); {
	case level == AVX512 && bare:
		stepNesterovBareAVX512(&p.Rate, &w[0], &v[0], &g[0], len(w))
	case level == AVX512:
		stepNesterovAVX512(&p.Rate, &w[0], &v[0], &g[0], len(w))
	case level == AVX2 && bare:
		stepNesterovBareAVX2(&p.Rate, &w[0], &v[0], &g[0], len(w))
	case level == AVX2:
		stepNesterovAVX2(&p.Rate, &w[0], &v[0], &g[0], len(w))
	default:
		stepNesterovGo(p, w, v, g)
	}
}

func stepRMSProp(p *Step, w, s, g []float32) {
	switch bare := p.bare(); {
	case level == AVX512 && bare:
		stepRMSPropBareAVX512(&p.Rate, &w[0], &s[0], &g[0], len(w))
	case level == AVX512:
		stepRMSPropAVX512(&p.Rate, &w[0], &s[0], &g[0], len(w))
	case level == AVX2 && bare:
		stepRMSPropBareAVX2(&p.Rate, &w[0], &s[0], &g[0], len(w))
	case level == AVX2:
		stepRMSPropAVX2(&p.Rate, &w[0], &s[0], &g[0], len(w))
	default:
		stepRMSPropGo(p, w, s, g)
	}
}

func stepAdam(p *Step, w, v, s, g []float32) {
	switch bare := p.bare(); {
	case level == AVX512 && bare:
		stepAdamBareAVX512(&p.Rate, &w[0], &v[0], &s[0], &g[0], len(w))
	case level == AVX512:
		stepAdamAVX512(&p.Rate, &w[0], &v[0], &s[0], &g[0], len(w))
	case level == AVX2 && bare:
		stepAdamBareAVX2(&p.Rate, &w[0], &v[0], &s[0], &g[0], len(w))
	case level == AVX2:
		stepAdamAVX2(&p.Rate, &w[0], &v[0], &s[0], &g[0], len(w))
	default:
		stepAdamGo(p, w, v, s, g)
	}
}

func average(dst, x []float32, weight float32) {
	switch level {
	case AVX512:
		averageAVX512(&dst[0], &x[0], len(dst), weight)
	case AVX2:
		averageAVX2(&dst[0], &x[0], len(dst), weight)
	default:
		averageGo(dst, x, weight)
	}
}

func scale(dst []float32, factor float32) {
	switch level {
	case AVX512:
		scaleAVX512(&dst[0], len(dst), factor)
	case AVX2:
		scaleAVX2(&dst[0], len(dst), factor)
	default:
		scaleGo(dst, factor)
	}
}

func mulRows(dst, factors []float32) {
	switch level {
	case AVX512:
		mulRowsAVX512(&dst[0], &factors[0], len(dst)/len(factors), len(factors))
	case AVX2:
		mulRowsAVX2(&dst[0], &factors[0], len(dst)/len(factors), len(factors))
	default:
		mulRowsGo(dst, factors)
	}
}
