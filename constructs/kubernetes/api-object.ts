import { ApiObject, type ApiObjectProps, type JsonPatch } from 'cdk8s';
import type { Construct } from 'constructs';

/** Changes to one emitted object that no prop offers. Policies run after them, so a patch cannot hide a broken rule. */
export type Override = readonly JsonPatch[];

/**
 * Emits an object from its final JSON. The generated classes of cdk8s-plus type it on the way in (`k8s.KubeX.manifest`)
 * and are not used to emit: they map a patched object a second time and drop quantities without a word.
 */
export function emit(scope: Construct, id: string, manifest: unknown, override: Override = []): ApiObject {
  const object = new ApiObject(scope, id, manifest as ApiObjectProps);
  object.addJsonPatch(...override);
  return object;
}
