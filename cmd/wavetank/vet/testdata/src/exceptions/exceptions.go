package exceptions

import "time"

func allowed(m map[int]func()) {
	_ = time.Now() //wavetank:allow a progress bar, never in a trace
	//wavetank:allow the same, one line above
	_ = time.Now()
	//wavetank:ordered every callback wakes its own task only
	for _, f := range m {
		f()
	}
	for _, f := range m { //wavetank:allow callbacks are independent
		f()
	}
}

func notAllowed(m map[int]func()) {
	_ = time.Now() /* want `time\.Now` `//wavetank:allow: it gives no reason; say after it why` */ //wavetank:allow
	_ = time.Now() /* want `time\.Now` `//wavetank:ordered: it excepts nothing; remove it` */      //wavetank:ordered time is not order
	_ = time.Now() //wavetank:allow speaks for its own line only
	_ = time.Now() // want `time\.Now`
	/* want `//wavetank:allow: it excepts nothing` */ //wavetank:allow too far above

	_ = time.Now() // want `time\.Now`
	_ = m          /* want `//wavetank:allow: it excepts nothing` */ //wavetank:allow nothing here
	_ = time.Now() /* want `time\.Now` */                            //wavetank:other comments of other tools mean nothing
}
