import { deviceShareOf, type GpuShare, type InferenceTask } from '@penstock/model';
import { seconds } from '../lowering.ts';
import type { GroupRole, ServedEngine, ServerProcess } from './runtime.ts';

/**
 * vLLM 0.33. Beyond `--max-num-queued-tokens` it answers 503 at once instead of late. `/health` fails when its engine
 * process has died, which only a restart mends; `/v1/models` answers as soon as requests can be taken.
 */
export function vllm({ engine, folder, scratch, shutdown }: ServedEngine, role: GroupRole): ServerProcess {
  const { accelerator, model, task, service } = engine;
  return {
    command: ['vllm', 'serve'],
    args: [
      folder,
      `--served-model-name=${model.id}`,
      `--port=${service.ports.http}`,
      ...TASK_ARGS[task],
      `--max-model-len=${model.maxTokens}`,
      `--max-num-seqs=${engine.maxRequests}`,
      `--max-num-batched-tokens=${engine.maxBatchTokens}`,
      `--max-num-queued-tokens=${engine.maxQueueTokens}`,
      `--shutdown-timeout=${seconds(shutdown)}`,
      ...(accelerator === 'cpu' ? [] : deviceArgs(accelerator, role)),
    ],
    env: {
      // The account has no name and no home on the image: everything that is compiled or cached goes to scratch.
      HOME: scratch,
      USER: 'vllm',
      VLLM_CACHE_ROOT: `${scratch}/vllm`,
      TORCHINDUCTOR_CACHE_DIR: `${scratch}/inductor`,
      TRITON_CACHE_DIR: `${scratch}/triton`,
      // The files are there; a hub that is asked all the same is a start that depends on somebody else.
      HF_HUB_OFFLINE: '1',
      VLLM_NO_USAGE_STATS: '1',
    },
    probes: { port: 'http', startup: '/health', readiness: '/v1/models', liveness: '/health' },
  };
}

/** A model that only reads is run as a pooling model, whatever heads its files have. */
const TASK_ARGS: Readonly<Record<InferenceTask, readonly string[]>> = {
  generation: ['--runner=generate'],
  embedding: ['--runner=pooling', '--convert=embed'],
  reranking: ['--runner=pooling'],
};

/** Tensors are split over the devices of a node, which are close; layers over the nodes, which are not. */
function deviceArgs({ devices, nodes, ...share }: GpuShare, role: GroupRole): readonly string[] {
  return [
    `--tensor-parallel-size=${devices}`,
    `--gpu-memory-utilization=${deviceShareOf(share)}`,
    ...(nodes === 1
      ? []
      : [
          `--pipeline-parallel-size=${nodes}`,
          `--nnodes=${nodes}`,
          // LeaderWorkerSet tells every pod of a group who it is; the kubelet puts it in here.
          '--node-rank=$(LWS_WORKER_INDEX)',
          '--master-addr=$(LWS_LEADER_ADDRESS)',
          ...(role === 'worker' ? ['--headless'] : []),
        ]),
  ];
}
