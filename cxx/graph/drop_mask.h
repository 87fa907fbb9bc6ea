// Masks that a program draws by hand: stochastic depth, and dropouts that were decomposed into their parts.
//
// With q the share that is kept, a mask is recognised by how its numbers fit together, never by names:
//   b = bernoulli(q) of a fresh tensor; b / q                      feature_dropout, dropout_, torchvision, timm
//   b * x / q, x / q * b                                          by hand
//   floor(rand + q) in place of b                                 transformers' drop_path
//   b * a and (b - 1) * s * a + s * a * (1 - q)                   alpha_dropout and feature_alpha_dropout,
//     with a = ((s^2 (1 - q) + 1) q)^-1/2, s = 1.7580993408473766 (Klambauer et al. 2017, eq. 5; ATen Dropout.cpp)
// Every value between the draw and the scaling must have no other reader.
#pragma once

#include "graph/ir.h"

namespace oarlock {

// Makes each recognised mask a tensor of ones and its scaling the identity, so that its product is bitwise the other
// factor and no random number is drawn. Other draws stay as they are.
void fill_drop_masks(Graph& graph);

}  // namespace oarlock
