import { declareInferenceEngine } from '@penstock/model';

/** Embeds text by a local ONNX model, batched by tokens. */
export const inferenceEngine = declareInferenceEngine({ name: 'inference-engine', tasks: ['embedding'] });
