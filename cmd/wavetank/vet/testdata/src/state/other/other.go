package other

var Level int
