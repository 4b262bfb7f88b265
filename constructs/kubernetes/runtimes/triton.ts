import { seconds } from '../lowering.ts';
import type { ServedEngine, ServerProcess } from './runtime.ts';

/**
 * Triton 26. The folder is a model repository; what it batches and queues stands in the `config.pbtxt` of its models, at
 * the same revision as they. It is ready when every model of the repository is.
 */
export const triton = ({ engine, folder, scratch, shutdown }: ServedEngine): ServerProcess => ({
  command: ['tritonserver'],
  args: [
    `--model-repository=${folder}`,
    '--model-control-mode=none',
    '--exit-on-error=true',
    '--strict-readiness=true',
    `--http-port=${engine.service.ports.http}`,
    '--allow-grpc=false',
    `--metrics-port=${engine.service.ports.ops}`,
    `--exit-timeout-secs=${seconds(shutdown)}`,
  ],
  env: { HOME: scratch },
  probes: { port: 'http', startup: '/v2/health/ready', readiness: '/v2/health/ready', liveness: '/v2/health/live' },
});
