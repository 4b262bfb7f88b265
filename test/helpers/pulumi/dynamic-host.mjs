// What `pulumi-resource-pulumi-nodejs` of Pulumi's own distribution is: the SDK's host for dynamic providers.
import { createRequire } from 'node:module';

createRequire(import.meta.url)('@pulumi/pulumi/cmd/dynamic-provider');
