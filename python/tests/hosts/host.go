// Asks exported packages: a line for each request and each answer, in the words of `hosts.py`.

package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"

	PACKAGES
)

func textOf(word string) string {
	text, err := hex.DecodeString(word[1:])
	if err != nil {
		panic(err)
	}
	return string(text)
}

func numberOf(word string) float64 {
	number, err := strconv.ParseFloat(word, 64)
	if err != nil {
		panic(err)
	}
	return number
}

func rowOf(word string) (row []float64) {
	for _, number := range strings.Split(word[1:], ",") {
		row = append(row, numberOf(number))
	}
	return
}

func one(value reflect.Value) string {
	if value.Kind() == reflect.String {
		return hex.EncodeToString([]byte(value.String()))
	}
	return fmt.Sprint(value)
}

func letter(kind reflect.Type) string {
	return map[reflect.Kind]string{reflect.String: "H", reflect.Bool: "b", reflect.Int64: "l"}[kind.Kind()] + "d"
}

func shown(result any) string {
	value := reflect.ValueOf(result)
	if value.Kind() != reflect.Array {
		return "1" + letter(value.Type())[:1] + one(value)
	}
	var all []string
	for i := 0; i < value.Len(); i++ {
		all = append(all, one(value.Index(i)))
	}
	return "[" + letter(value.Type().Elem())[:1] + strings.Join(all, ",")
}

func refused(err error) string {
	return "refused\t" + err.Error()
}

var methods = map[string]func([]string) string{
	FUNCTIONS
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		words := strings.Split(lines.Text(), "\t")
		fmt.Println(methods[words[1]](words[2:]))
	}
}
