#!/bin/sh
# One compiler is enough for few messages, and deep ones need a stack.
folder=$(dirname "$0")
exec java -Xss16m -XX:TieredStopAtLevel=1 -cp "$folder/classes:$folder/lib/*" serbench.Main
