export { createRegistryApi, type RegistryApiOptions } from './registry-api.ts';
