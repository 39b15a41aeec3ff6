package preset

// The two networks of LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied
// to document recognition" (Proc. IEEE, 1998), without distortions: the squared error of
// scaled tanh units with targets that they reach without saturation, and pixels whose mean is about 0 and
// whose variance is about 1, as the paper's LeNet-5 has them. They are trained with batches of 16
// and a rate that falls as a cosine does, where the paper goes one sample at a time. Of 0.01, 0.02, 0.05 and 0.1 each has the rate
// that came out best on 5,000 images put aside.
var (
	lecun1998 = Preset{
		Name:    "lecun1998",
		Network: "784-300-10, scaled tanh",
		Source:  "LeCun, Bottou, Bengio and Haffner (1998)",
		Figure:  "4.7% error on the test set",
		Time:    "12 s",
		Differs: lecunDiffers,
		Flags:   flags(`-hidden=300 -lr=0.02 ` + lecun),
	}
	lecun1998Deep = Preset{
		Name:    "lecun1998-deep",
		Network: "784-300-100-10, scaled tanh",
		Source:  "LeCun, Bottou, Bengio and Haffner (1998)",
		Figure:  "3.05% error on the test set",
		Time:    "12 s",
		Differs: lecunDiffers,
		Flags:   flags(`-hidden=300,100 -lr=0.05 ` + lecun),
	}
)

const lecun = `-act=scaled-tanh -output=scaled-tanh -init=inputs -zero-biases -pixels=-0.1..1.175 -targets=-1..1
	-loss=half-sse -gradient=mean -optimizer=sgd -momentum=0 -schedule=cosine -batch=16 -epochs=20`

const lecunDiffers = "batches of 16, a rate that falls along a cosine, and 20 epochs, which are this project's choice, in place of one sample at a time; they take a fraction of the time"

// kerasMLP is the perceptron among the examples of Keras, whose RMSProp had an ε of 1e-6 under the root then: for small
// gradients that is 1e-3 beside it.
var kerasMLP = Preset{
	Name:    "keras-mlp",
	Network: "784-512-512-10, ReLU, then softmax",
	Source:  "Keras, examples/mnist_mlp.py (2015)",
	Figure:  "98.40% of the test set right",
	Time:    "20 s",
	Differs: "averaged weights, which Keras's example has not; -average=0 leaves them out. An epsilon of 0.001 is added to the root, where Keras had 1e-6 under it",
	Flags: flags(`-hidden=512,512 -act=relu -output=softmax -init=xavier -dropout=0.2 -average=0.999
		-loss=cross-entropy -gradient=mean -optimizer=rmsprop -rho=0.9 -epsilon=0.001 -lr=0.001 -schedule=constant -batch=128 -epochs=20`),
}

// hinton2012 is the recipe of the appendix of Hinton, Srivastava, Krizhevsky, Sutskever and
// Salakhutdinov, "Improving neural networks by preventing co-adaptation of feature
// detectors" (2012). Its step is dampened: the gradient enters the paper's velocity by 1−μ; here that multiplies the step,
// which is the same but while μ rises. The paper halves the weights
// after training; here dropout doubles what it leaves, so weights are half the paper's, their gradients twice as
// large, and the same steps need a quarter of its rate of 10 and of its bound of 15. In the first layer, which loses a
// fifth of its pixels and not half, the paper's would be 6.4 and 9.6 (by 0.8²), and of biases, which nothing is left
// out of, 10; one rate and one bound serve all here, and the first weights are as large as the paper's.
var hinton2012 = Preset{
	Name:    "hinton2012",
	Network: "784-800-800-10, sigmoid, then softmax",
	Source:  "Hinton, Srivastava, Krizhevsky, Sutskever and Salakhutdinov (2012)",
	Figure:  "1.30% error on the test set, 1.10% for the best",
	Time:    "some hours",
	Differs: "rate and squared norm are a quarter of 10 and of 15, since dropout doubles in training what the paper halves after it; in the first layer, which loses a fifth of its inputs, the paper's would be 6.4 and 9.6, and the biases' rate 10",
	Flags: flags(`-hidden=800,800 -act=sigmoid -output=softmax -init=normal:0.01 -zero-biases -dropout-input=0.2 -dropout=0.5 -max-norm=3.75
		-loss=cross-entropy -gradient=mean -optimizer=sgd -momentum=0.5 -momentum-end=0.99 -momentum-epochs=500 -dampen
		-lr=2.5 -schedule=exponential -decay=0.998 -batch=100 -epochs=3000`),
}

// simard2003 is the network of Simard, Steinkraus and Platt, "Best practices for
// convolutional neural networks applied to visual document analysis" (ICDAR 2003), with its elastic distortion. The paper
// trains it with a rate of 0.005 that falls to 0.3 of it every 100 epochs; momentum, one cycle of the rate and
// averaged weights come to the same in a fraction of the epochs.
var simard2003 = Preset{
	Name:    "simard2003",
	Network: "784-800-10, ReLU, then softmax",
	Source:  "Simard, Steinkraus and Platt (2003)",
	Figure:  "0.7% error on the test set",
	Time:    "4.5 min",
	Differs: "ReLU and He's first weights; batches of 128, momentum, one cycle of a rate of 0.1 over 400 epochs and averaged weights in place of a rate of 0.005 that falls to 0.3 of it every 100 epochs, to come as far sooner",
	Flags: flags(`-hidden=800 -act=relu -output=softmax -init=he -augment=simard -average=0.999
		-loss=cross-entropy -gradient=mean -optimizer=sgd -momentum=0.9 -lr=0.1 -schedule=onecycle -batch=128 -epochs=400`),
}

const ciresanDiffers = "rotation alone, where the paper has rotation or shear"

// The networks of Cireşan, Meier, Gambardella and Schmidhuber, "Deep, big, simple neural nets for
// handwritten digit recognition" (Neural Computation, 2010), which see only deformed
// digits. The large one is trained as in the paper, one image at a time; the small one
// with batches, momentum, one cycle of the rate, averaged weights, and softmax with cross-entropy, which come as far in fewer
// hours. Of the paper's "rotation or shear" both have rotation, of its 15 to 20% of scaling 17.5%, and a σ for each epoch; how many epochs it trained is not given there, and 800 is
// this project's. The paper takes the epoch that is best on the undeformed training set, as the large one does here.
var (
	ciresan2010Small = Preset{
		Name:    "ciresan2010-small",
		Network: "841-1000-500-10, scaled tanh, then softmax",
		Source:  "Cireşan, Meier, Gambardella and Schmidhuber (2010)",
		Figure:  "0.49% error on the test set",
		Time:    "50 min",
		Differs: "batches of 128, momentum, one cycle of a rate of 0.02, averaged weights and softmax in place of online descent on the squared error, to come as far sooner; the last epoch's weights, where the paper takes those best on the undeformed training set; " + ciresanDiffers,
		Flags: flags(`-pad=29x29 -pixels=-1..1 -augment=ciresan -hidden=1000,500 -act=scaled-tanh -output=softmax -init=uniform:0.05 -average=0.999
			-loss=cross-entropy -gradient=mean -optimizer=sgd -momentum=0.9 -lr=0.02 -schedule=onecycle -batch=128 -epochs=1000`),
	}
	ciresan2010 = Preset{
		Name:    "ciresan2010",
		Network: "841-2500-2000-1500-1000-500-10, scaled tanh",
		Source:  "Cireşan, Meier, Gambardella and Schmidhuber (2010)",
		Figure:  "0.35% error on the test set",
		Time:    "a week",
		Differs: "800 epochs are this project's choice; " + ciresanDiffers,
		Flags: flags(`-pad=29x29 -pixels=-1..1 -augment=ciresan -hidden=2500,2000,1500,1000,500 -act=scaled-tanh -output=scaled-tanh -targets=-1..1
			-init=uniform:0.05 -loss=half-sse -gradient=mean -optimizer=sgd -momentum=0 -lr=0.001 -lr-end=0.000001 -schedule=exponential -batch=1 -epochs=800 -validation=training`),
	}
)
