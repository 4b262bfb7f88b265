import { platform } from '../platform.ts';
import { awsApp } from './synthesize.ts';

// `cdk synth` and `cdk deploy` run this file.
awsApp(platform).synth();
