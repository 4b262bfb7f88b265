import { gpuPlatform } from '../../kubernetes/gpu-engines.ts';
import { type CaseSet, casesOf } from './case.ts';

// Engines on GPUs as they are synthesized: on whole devices, several, slices, shared ones, and over two nodes.

const compliant = gpuPlatform();
const { broken } = casesOf(compliant);

const CONTAINER = 'spec.template.spec.containers.0';
const several = ['Deployment', 'models-several'] as const;
const weights = ['PersistentVolume', 'models-models-weights'] as const;
const spanning = ['LeaderWorkerSet', 'models-spanning'] as const;

export const gpuEngineCases: CaseSet = {
  name: 'engines on GPUs',
  compliant,
  cases: [
    broken(
      'shared-memory',
      'several devices without a place to talk',
      several,
      'spec.template.spec.volumes.1.emptyDir.medium',
      undefined,
      /no memory volume at \/dev\/shm/,
    ),
    broken(
      'gpu-placed',
      'a pod that may wait for devices on any node',
      several,
      'spec.template.spec.nodeSelector',
      undefined,
      /does not say of which kind/,
    ),
    broken(
      'progress-stated',
      'a rollout that has failed while the node still starts',
      several,
      'spec.progressDeadlineSeconds',
      60,
      /gives up after 60 s, while its containers may take 360 s/,
    ),
    broken(
      'progress-stated',
      'a rollout that says no time',
      several,
      'spec.progressDeadlineSeconds',
      undefined,
      /does not state progressDeadlineSeconds/,
    ),
    broken(
      'group-whole',
      'a group that outlives one of its pods',
      spanning,
      'spec.leaderWorkerTemplate.restartPolicy',
      'None',
      /goes on without a part of its model/,
    ),
    broken(
      'group-whole',
      'a group whose pods are anywhere',
      spanning,
      'spec.leaderWorkerTemplate.workerTemplate.spec.affinity',
      undefined,
      /may lie in several zones/,
    ),
    broken(
      'probes-distinct',
      'a leader that is asked nothing',
      spanning,
      'spec.leaderWorkerTemplate.leaderTemplate.spec.containers.0.readinessProbe',
      undefined,
      /has no readinessProbe/,
    ),
    broken(
      'weights-pinned',
      'a model by the name of its branch',
      several,
      `${CONTAINER}.args.0`,
      'meta-llama/Llama-3.1-70B',
      /at its main branch/,
    ),
    broken(
      'bucket-volume-least',
      'weights by the rights of everybody',
      weights,
      'spec.csi.volumeAttributes.authenticationSource',
      'driver',
      /rights of the driver/,
    ),
    broken(
      'bucket-volume-least',
      'weights that a replica can write',
      weights,
      'spec.mountOptions',
      ['allow-other'],
      /can be written/,
    ),
    broken(
      'group-whole',
      'requests to those who answer none',
      ['Service', 'models-spanning'],
      ['spec', 'selector', 'penstock.dev/group-role'],
      undefined,
      /sends requests to its workers/,
    ),
  ],
};
