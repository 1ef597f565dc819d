package recoverytest

import (
	"fmt"
	"reflect"
	"time"
)

// filler gives every field that it reaches a value of its own, so that one which is
// forgotten or taken for another on the way shows.
type filler struct {
	base time.Time
	n    int
}

var (
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
)

// fill sets all that p points to. Instants are whole microseconds after the base,
// durations whole seconds.
func (f *filler) fill(p any) { f.set(reflect.ValueOf(p).Elem()) }

func (f *filler) set(v reflect.Value) {
	f.n++
	switch {
	case v.Type() == timeType:
		v.Set(reflect.ValueOf(f.base.Add(time.Duration(f.n) * time.Microsecond)))
		return
	case v.Type() == durationType:
		v.SetInt(int64(time.Duration(f.n) * time.Second))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint("text ", f.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(f.n))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.set(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			f.set(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.set(v.Index(0))
		f.set(v.Index(1))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.set(key)
			f.set(value)
			v.SetMapIndex(key, value)
		}
	default:
		panic(fmt.Sprintf("recoverytest: no example value for a %s: add it to filler", v.Type()))
	}
}
