import { Config } from '@pulumi/pulumi';
import { ArtifactStore } from '../../constructs/gcp/artifact-store.ts';
import { platform } from '../platform.ts';

// `pulumi up` runs this file. The project and the region are the provider's: `pulumi config set gcp:region <region>`.
const store = new ArtifactStore(platform.name, { topology: platform, location: new Config('gcp').require('region') });

export const images = store.images;
export const weights = store.weights;
