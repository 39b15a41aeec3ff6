package nn_test

import (
	"context"
	"fmt"
	"log"

	"shadegrad/compute/nn"
)

func Example() {
	network, err := nn.Train(context.Background(), nn.MNIST, nn.Options{Hidden: []int{128}, Epochs: 2})
	if err != nil {
		log.Fatal(err)
	}
	if err := network.Save("digits.safetensors"); err != nil {
		log.Fatal(err)
	}
	digits, err := network.PredictFile("testdata/digits/seven.png")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("it is a %s; test accuracy above 95%%: %t\n", digits[0].Name, network.TestAccuracy() > 0.95)
	// Output: it is a 7; test accuracy above 95%: true
}
