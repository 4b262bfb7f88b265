import { encodeProfile, engineProfile, PROFILE_VARIABLE } from '@penstock/model';
import type { ServedEngine, ServerProcess } from './runtime.ts';

/** Every number travels in the profile; the image brings its own entrypoint. */
export const penstock = ({ topology, engine, folder }: ServedEngine): ServerProcess => ({
  env: {
    [PROFILE_VARIABLE]: encodeProfile(engineProfile(topology, engine.id)),
    PENSTOCK_MODEL_DIR: folder,
  },
  probes: { port: 'ops', startup: '/livez', readiness: '/readyz', liveness: '/livez' },
});
