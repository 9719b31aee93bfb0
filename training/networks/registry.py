"""Every network a recipe may name; importing this imports neither Keras nor TensorFlow."""

from __future__ import annotations

from training.networks.catalogue import BACKBONES
from training.networks.network import Network
from training.networks.options import Options

FROM_SCRATCH = (
    Network(
        name="small_cnn",
        description="three convolutions, for tests and smoke runs",
        size=64,
        smallest=16,
        parameters=23_697,
        cam_layer="relu_2",
        own=Options(filters=(16, 32, 64), kernels=(3,)),
    ),
    Network(
        name="patch_cnn",
        description="two convolutions and two dense layers with L2, for nodule patches",
        size=64,
        smallest=16,
        parameters=4_213_249,
        cam_layer="features",
        own=Options(
            pooling="flatten", dense=(64,), l2=1e-3, feature_dropout=0.25, filters=(32, 64), kernels=(3,)
        ),
    ),
    Network(
        name="block_cnn",
        description="blocks of convolution, pooling and batch normalisation; kernels of 11, 7, 5",
        size=128,
        smallest=32,
        parameters=604_545,
        cam_layer="features",
        own=Options(
            pooling="flatten",
            dense=(64,),
            conv_batch_norm=True,
            l2=1e-3,
            feature_dropout=0.5,
            filters=(32, 32, 32),
            kernels=(11, 7, 5),
        ),
    ),
    Network(
        name="conv64_cnn",
        description="four blocks of 64 filters, for 256 x 256 films",
        size=256,
        smallest=32,
        parameters=1_160_129,
        cam_layer="features",
        own=Options(
            pooling="flatten", dense=(64,), feature_dropout=0.25, filters=(64, 64, 64, 64), kernels=(3,)
        ),
    ),
    Network(
        name="conv3_cnn",
        description="three convolutions of 32, 64, 128 filters, dense 128",
        size=150,
        smallest=32,
        parameters=5_401_345,
        cam_layer="features",
        own=Options(pooling="flatten", dense=(128,), filters=(32, 64, 128), kernels=(3,)),
    ),
    Network(
        name="small_xception",
        description="separable convolutions one behind the other, as in annex A of the UAM thesis",
        size=64,
        smallest=32,
        parameters=4_972_726,
        cam_layer="features",
        own=Options(
            pooling="flatten",
            dense=(64,),
            conv_batch_norm=True,
            filters=(32, 64, 9, 9, 728, 728, 728, 728, 1024, 728, 1024),
            kernels=(3,),
        ),
    ),
    Network(
        name="residual_cnn",
        description="stages of two residual blocks, for films of 28 pixels",
        size=28,
        smallest=16,
        parameters=2_762_145,
        cam_layer="features",
        own=Options(conv_batch_norm=True, filters=(32, 64, 128, 256), kernels=(3,)),
    ),
    Network(
        name="multiscale_resnet",
        description="residual blocks that see three scales, each stage linked to all before it",
        size=128,
        smallest=32,
        parameters=672_033,
        cam_layer="features",
        own=Options(conv_batch_norm=True, filters=(32, 64, 128), kernels=(3,)),
    ),
)

NETWORKS: dict[str, Network] = {network.name: network for network in (*BACKBONES, *FROM_SCRATCH)}
