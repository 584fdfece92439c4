package floats

func bad[F float32 | float64](x, y, z float64, f F, scale float32) {
	_ = x*y + z         // want `sum with a product of floats: some machines round x\*y \+ z once and others twice .*; round the product by a conversion, float64\(x\*y\) \+ z`
	_ = z - (x * y)     // want `sum with a product of floats`
	z += x * y          // want `sum with a product of floats`
	z -= 2 * x          // want `sum with a product of floats`
	_ = scale*scale + 1 // want `sum with a product of floats`
	_ = f*f + f         // want `sum with a product of floats`
	_ = x*x + y*y + 1   // want `sum with a product of floats`
}

func good(x, y, z float64, i, j int) {
	const k = 2.0*3.0 + 1
	_ = float64(x*y) + z
	_ = x * (y + z)
	_ = x/y + z
	_ = i*j + 1
	i += j * 2
	z *= x * y
	z = x * y
	_ = x + 2.0*3.0
}
