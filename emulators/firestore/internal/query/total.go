package query

import (
	"math"
	"math/big"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/value"
)

// total adds numbers up: integers exactly, doubles with the error of each addition
// carried along (Neumaier's algorithm), since the service answers 32 where plain
// additions come to 31.999999999999996.
type total struct {
	numbers    int
	ints       big.Int
	anyDouble  bool
	doubles    float64
	correction float64
}

// add adds a value; what is not a number is passed over.
func (t *total) add(v *pb.Value) {
	if value.TypeOf(v) != value.Number {
		return
	}
	t.numbers++
	if i, ok := v.GetValueType().(*pb.Value_IntegerValue); ok {
		t.ints.Add(&t.ints, big.NewInt(i.IntegerValue))
		return
	}
	t.anyDouble = true
	t.addDouble(v.GetDoubleValue())
}

func (t *total) addDouble(d float64) {
	sum := t.doubles + d
	if math.Abs(t.doubles) >= math.Abs(d) {
		t.correction += t.doubles - sum + d
	} else {
		t.correction += d - sum + t.doubles
	}
	t.doubles = sum
}

func (t *total) double() float64 {
	all := *t
	whole, _ := new(big.Float).SetInt(&t.ints).Float64()
	all.addDouble(whole)
	if math.IsInf(all.doubles, 0) || math.IsNaN(all.doubles) {
		return all.doubles // the correction is NaN then
	}
	return all.doubles + all.correction
}

// sum is an integer as long as all numbers are and it fits.
func (t *total) sum() *pb.Value {
	if !t.anyDouble && t.ints.IsInt64() {
		return integer(t.ints.Int64())
	}
	return double(t.double())
}

// mean is null where there is no number.
func (t *total) mean() *pb.Value {
	if t.numbers == 0 {
		return &pb.Value{ValueType: &pb.Value_NullValue{}}
	}
	return double(t.double() / float64(t.numbers))
}
