/// arg_max
func argMax(to []int64, x []float64, outer, length, inner int) {
	for o := 0; o < outer; o++ {
		for j := 0; j < inner; j++ {
			lane, best := o*length*inner+j, 0
			for k := 1; k < length; k++ {
				if x[lane+k*inner] > x[lane+best*inner] {
					best = k
				}
			}
			to[o*inner+j] = int64(best)
		}
	}
}

/// arg_min
func argMin(to []int64, x []float64, outer, length, inner int) {
	for o := 0; o < outer; o++ {
		for j := 0; j < inner; j++ {
			lane, best := o*length*inner+j, 0
			for k := 1; k < length; k++ {
				if x[lane+k*inner] < x[lane+best*inner] {
					best = k
				}
			}
			to[o*inner+j] = int64(best)
		}
	}
}

/// copy
func copyParts[T any](to, from []T, toStart, toStep, fromStart, fromStep, count, outer int) {
	for o := 0; o < outer; o++ {
		copy(to[toStart+o*toStep:toStart+o*toStep+count], from[fromStart+o*fromStep:])
	}
}

/// cum_sum
func cumSum[T float32 | float64 | int64](to, x []T, outer, length, inner int) {
	for o := 0; o < outer; o++ {
		for k := 0; k < length; k++ {
			for j := 0; j < inner; j++ {
				at := (o*length+k)*inner + j
				to[at] = x[at]
				if k > 0 {
					to[at] += to[at-inner]
				}
			}
		}
	}
}

/// gather
func gather[T any](to, x []T, places []int64, outer, length, inner, count int) {
	for o := 0; o < outer; o++ {
		for q := 0; q < count; q++ {
			at := (o*length + int(places[q])) * inner
			copy(to[(o*count+q)*inner:(o*count+q+1)*inner], x[at:])
		}
	}
}

/// gather_elements
func gatherElements[T any](to, x []T, places []int64, outer, length, inner, count int) {
	for o := 0; o < outer; o++ {
		for q := 0; q < count; q++ {
			for j := 0; j < inner; j++ {
				at := (o*count+q)*inner + j
				to[at] = x[(o*length+int(places[at]))*inner+j]
			}
		}
	}
}

/// last_arg_max
func lastArgMax(to []int64, x []float64, outer, length, inner int) {
	for o := 0; o < outer; o++ {
		for j := 0; j < inner; j++ {
			lane, best := o*length*inner+j, 0
			for k := 1; k < length; k++ {
				if x[lane+k*inner] >= x[lane+best*inner] {
					best = k
				}
			}
			to[o*inner+j] = int64(best)
		}
	}
}

/// matmul
func matMul(to, x, y []float64, rows, inner, columns int) {
	for row := 0; row < rows; row++ {
		for column := 0; column < columns; column++ {
			sum := 0.0
			for k := 0; k < inner; k++ {
				// The conversion rounds the product, which is not fused with the sum then.
				sum += float64(x[row*inner+k] * y[k*columns+column])
			}
			to[row*columns+column] = sum
		}
	}
}

/// max
func maxOf[T float32 | float64 | int64](to, x []T, outer, length, inner int) {
	for o := 0; o < outer; o++ {
		for j := 0; j < inner; j++ {
			most := x[o*length*inner+j]
			for k := 1; k < length; k++ {
				// NaN is not equal to itself, and stays.
				if value := x[(o*length+k)*inner+j]; most == most && !(value <= most) {
					most = value
				}
			}
			to[o*inner+j] = most
		}
	}
}

/// min
func minOf[T float32 | float64 | int64](to, x []T, outer, length, inner int) {
	for o := 0; o < outer; o++ {
		for j := 0; j < inner; j++ {
			least := x[o*length*inner+j]
			for k := 1; k < length; k++ {
				// NaN is not equal to itself, and stays.
				if value := x[(o*length+k)*inner+j]; least == least && !(value >= least) {
					least = value
				}
			}
			to[o*inner+j] = least
		}
	}
}

/// sum
func sumOf[T float32 | float64 | int64](to, x []T, outer, length, inner int) {
	for o := 0; o < outer; o++ {
		for j := 0; j < inner; j++ {
			var sum T
			for k := 0; k < length; k++ {
				sum += x[(o*length+k)*inner+j]
			}
			to[o*inner+j] = sum
		}
	}
}

/// top_k
func topK(values []float64, numbers []int64, x []float64, outer, length, k int) {
	for o := 0; o < outer; o++ {
		least, places, count := values[o*k:(o+1)*k], numbers[o*k:(o+1)*k], 0
		for at := 0; at < length; at++ {
			value, place := x[o*length+at], count
			// NaN comes last, and of equals the first one first.
			for place > 0 && (least[place-1] > value || (least[place-1] != least[place-1] && value == value)) {
				place--
			}
			if place >= k {
				continue
			}
			if count < k {
				count++
			}
			copy(least[place+1:count], least[place:count-1])
			copy(places[place+1:count], places[place:count-1])
			least[place], places[place] = value, int64(at)
		}
	}
}

/// trees
// A step that is not negative is a split, and -1 - n is leaf n.
type split struct {
	threshold                   float64
	feature, left, right, flags int32
}

func trees(to, x []float64, splits []split, leaves []float64, roots, sets []int32, members []float64) {
	for tree, at := range roots {
		for at >= 0 {
			split := &splits[at]
			value, left := x[split.feature], false
			if value != value {
				left = split.flags&1 != 0
			} else if split.flags&2 != 0 {
				set := int(split.threshold)
				for _, member := range members[sets[set]:sets[set+1]] {
					left = left || member == value
				}
			} else {
				left = value <= split.threshold
			}
			if left {
				at = split.left
			} else {
				at = split.right
			}
		}
		to[tree] = leaves[-1-at]
	}
}

/// math
var _, _ = errors.New, math.Pi

func where[T any](condition bool, first, second T) T {
	if condition {
		return first
	}
	return second
}

func numberOf(condition bool) float64 {
	return where(condition, 1.0, 0.0)
}

func sign(x float64) float64 {
	return where(x != x, x, numberOf(x > 0)-numberOf(x < 0))
}
