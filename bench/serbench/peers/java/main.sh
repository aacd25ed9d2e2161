#!/bin/sh
# Deep messages need a stack.
folder=$(dirname "$0")
exec java -Xss16m -cp "$folder/classes:$folder/lib/*" serbench.Main
