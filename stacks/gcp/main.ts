import { Config } from '@pulumi/pulumi';
import { platform } from '../platform.ts';
import { platformProgram } from './platform-program.ts';

// `pulumi up` runs this file. The project and the region are the provider's: `pulumi config set gcp:region <region>`.
const store = platformProgram(platform, new Config('gcp').require('region'));

export const images = store.images;
export const weights = store.weights;
