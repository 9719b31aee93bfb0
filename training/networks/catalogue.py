"""The networks of ``keras.applications`` that a recipe may name."""

from __future__ import annotations

from training.networks.network import Network


def _densenet(depth: int, parameters: int) -> Network:
    return Network(
        name=f"densenet{depth}",
        description=f"DenseNet{depth}",
        size=224,
        smallest=32,
        parameters=parameters,
        cam_layer="relu",
        application=f"DenseNet{depth}",
        scaling="torch",
        cuts=("conv3_block1_0_bn", "conv4_block1_0_bn", "conv5_block1_0_bn"),
        weights_file=f"densenet{depth}_weights_tf_dim_ordering_tf_kernels_notop.h5",
    )


def _vgg(depth: int, parameters: int) -> Network:
    return Network(
        name=f"vgg{depth}",
        description=f"VGG{depth}",
        size=224,
        smallest=32,
        parameters=parameters,
        cam_layer="block5_pool",
        application=f"VGG{depth}",
        scaling="caffe",
        cuts=("block3_conv1", "block4_conv1", "block5_conv1"),
        weights_file=f"vgg{depth}_weights_tf_dim_ordering_tf_kernels_notop.h5",
    )


def _efficientnet(kind: str, size: int, parameters: int) -> Network:
    version2 = kind.startswith("v2")
    full = f"EfficientNet{kind.replace('v2', 'V2').upper()}"
    return Network(
        name=f"efficientnet_{kind}",
        description=full,
        size=size,
        smallest=32,
        parameters=parameters,
        cam_layer="top_activation",
        application=full,
        scaling="own",
        cuts=(
            ("block4a_expand_conv", "block5a_expand_conv", "block6a_expand_conv")
            if version2
            else ("block4a_expand_conv", "block6a_expand_conv", "block7a_expand_conv")
        ),
        weights_file=f"efficientnet{kind.replace('v2', 'v2-')}_notop.h5",
    )


BACKBONES = (
    Network(
        name="mobilenet",
        description="MobileNet 1.0",
        size=224,
        smallest=32,
        parameters=3_229_889,
        cam_layer="conv_pw_13_relu",
        application="MobileNet",
        cuts=("conv_dw_4", "conv_dw_6", "conv_dw_12"),
        weights_file="mobilenet_1_0_{size}_tf_no_top.h5",
        weights_sizes=(128, 160, 192, 224),
    ),
    Network(
        name="mobilenet_v2",
        description="MobileNetV2 1.0",
        size=224,
        smallest=32,
        parameters=2_259_265,
        cam_layer="out_relu",
        application="MobileNetV2",
        cuts=("block_4_expand", "block_7_expand", "block_11_expand", "block_14_expand"),
        weights_file="mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_{size}_no_top.h5",
        weights_sizes=(96, 128, 160, 192, 224),
    ),
    _densenet(121, 7_038_529),
    _densenet(169, 12_644_545),
    _densenet(201, 18_323_905),
    Network(
        name="resnet50",
        description="ResNet50",
        size=224,
        smallest=32,
        parameters=23_589_761,
        cam_layer="conv5_block3_out",
        application="ResNet50",
        scaling="caffe",
        cuts=("conv3_block1_1_conv", "conv4_block1_1_conv", "conv5_block1_1_conv"),
        weights_file="resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
    ),
    Network(
        name="resnet50_v2",
        description="ResNet50V2",
        size=224,
        smallest=32,
        parameters=23_566_849,
        cam_layer="post_relu",
        application="ResNet50V2",
        cuts=("conv3_block1_preact_bn", "conv4_block1_preact_bn", "conv5_block1_preact_bn"),
        weights_file="resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
    ),
    _vgg(16, 14_715_201),
    _vgg(19, 20_024_897),
    Network(
        name="inception_v3",
        description="InceptionV3",
        size=299,
        smallest=75,
        parameters=21_804_833,
        cam_layer="mixed10",
        application="InceptionV3",
        # most of its layers have no name of their own; 249 is the first behind mixed8
        cuts=(87, 165, 249),
        weights_file="inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
    ),
    Network(
        name="xception",
        description="Xception",
        size=299,
        smallest=71,
        parameters=20_863_529,
        cam_layer="block14_sepconv2_act",
        application="Xception",
        cuts=("block5_sepconv1_act", "block9_sepconv1_act", "block13_sepconv1_act", "block14_sepconv1"),
        weights_file="xception_weights_tf_dim_ordering_tf_kernels_notop.h5",
    ),
    _efficientnet("b0", 224, 4_050_852),
    _efficientnet("b1", 240, 6_576_520),
    _efficientnet("b2", 260, 7_769_978),
    _efficientnet("b3", 300, 10_785_072),
    _efficientnet("b4", 380, 17_675_616),
    _efficientnet("b5", 456, 28_515_576),
    _efficientnet("b6", 528, 40_962_448),
    _efficientnet("b7", 600, 64_100_248),
    _efficientnet("v2b0", 224, 5_920_593),
    _efficientnet("v2b1", 240, 6_932_405),
    _efficientnet("v2b2", 260, 8_770_783),
    _efficientnet("v2b3", 300, 12_932_159),
    _efficientnet("v2s", 384, 20_332_641),
    _efficientnet("v2m", 480, 53_151_669),
    _efficientnet("v2l", 480, 117_748_129),
)
