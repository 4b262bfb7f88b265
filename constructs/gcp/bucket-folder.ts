import { interpolate, type Output } from '@pulumi/pulumi';

/** What somebody may read of a bucket. */
export interface BucketFolder {
  readonly bucket: { readonly name: Output<string> };
  /** Ends in a slash: without it `model-1` would be the beginning of `model-10`. */
  readonly prefix: `${string}/`;
}

/** Its objects, and the listing of them: that one is asked of the bucket, and says what it is to begin with. */
export const folderCondition = ({ bucket, prefix }: BucketFolder): Output<string> =>
  interpolate`resource.name.startsWith("projects/_/buckets/${bucket.name}/objects/${prefix}") || (resource.type == "storage.googleapis.com/Bucket" && api.getAttribute("storage.googleapis.com/objectListPrefix", "").startsWith("${prefix}"))`;
