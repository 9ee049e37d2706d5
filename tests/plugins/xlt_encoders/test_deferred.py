"""Models open on a processor without torch's compiler, sharded tensors and scipy's optimisers."""

import subprocess
import sys

import torch

from xlt_cli.training.optimizer import UncompiledAdamW

SCRIPT = """
import builtins, gc, sys
import torch
from transformers import BertConfig
from xlt_encoders.deferred import StandIn, deferred

SLOW = ("torch._dynamo", "torch.distributed.tensor", "torch.distributed.fsdp", "scipy.optimize")
imported, disable = builtins.__import__, torch.compiler.disable
with deferred():
    from transformers import BertForSequenceClassification
    config = BertConfig(vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=1,
                        intermediate_size=8, hidden_dropout_prob=0.0)
    weights = BertForSequenceClassification(config).state_dict()
    model = BertForSequenceClassification.from_pretrained(None, config=config, state_dict=weights)

from xlt_cli.training.optimizer import UncompiledAdamW

batch = torch.tensor([[1, 2, 3]])
optimizer = UncompiledAdamW(model.parameters(), lr=0.1, fused=True)
model(batch).logits.sum().backward()
optimizer.step()
optimizer.zero_grad()
optimizer.load_state_dict(optimizer.state_dict())
assert not {*SLOW} & {*sys.modules}, {*SLOW} & {*sys.modules}
assert builtins.__import__ is imported and torch.compiler.disable is disable and gc.isenabled()
assert "_dynamo" not in vars(torch)

# What was put off is there for whoever uses it.
import transformers.distributed.sharding_utils as sharding
import transformers.loss.loss_for_object_detection as loss
assert type(loss.linear_sum_assignment) is type(sharding.DTensor) is StandIn
assert not isinstance(batch, sharding.DTensor)
assert loss.linear_sum_assignment([[1, 0], [0, 1]])[1].tolist() == [1, 0]
assert sharding.Shard(1).dim == 1
model.eval()
compiled = torch.compile(model, backend="eager")
assert torch.equal(compiled(batch).logits, model(batch).logits)
told = type(model).can_record_outputs.fget
assert id(told) in torch._dynamo.trace_rules._allowed_callable_ids
assert not isinstance(batch, sharding.DTensor)
"""


def test_models_open_and_train_without_what_they_do_not_use() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_adamw_without_the_compiler_makes_the_same_steps() -> None:
    ends = []
    for kind in (torch.optim.AdamW, UncompiledAdamW):
        weight = torch.nn.Parameter(torch.arange(6.0))
        optimizer = kind([weight], lr=0.1, weight_decay=0.01, fused=True)
        for step in range(1, 4):
            (weight * torch.arange(6.0) ** step).sum().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            optimizer.zero_grad()
        assert weight.grad is None
        ends.append((weight.detach(), optimizer.state_dict()["state"][0]["exp_avg"]))
    assert all(map(torch.equal, *ends))
