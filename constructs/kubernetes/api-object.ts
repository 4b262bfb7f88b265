import { ApiObject, type ApiObjectProps, Chart, JsonPatch } from 'cdk8s';
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

/** Emits an object that belongs to no namespace, wherever its chart would put it. */
export function emitForCluster(scope: Construct, id: string, manifest: unknown, override: Override = []): ApiObject {
  const ofChart = Chart.of(scope).namespace === undefined ? [] : [JsonPatch.remove('/metadata/namespace')];
  return emit(scope, id, manifest, [...ofChart, ...override]);
}
