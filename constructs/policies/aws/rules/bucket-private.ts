import type { TemplatePolicy } from '../policy.ts';
import { at, listOf } from '../template.ts';

const BLOCKS = ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'];

interface Statement {
  readonly Effect?: unknown;
  readonly Condition?: { readonly Bool?: { readonly 'aws:SecureTransport'?: unknown } };
}

export const bucketPrivate: TemplatePolicy = {
  id: 'bucket-private',
  rules: [],
  source: 'AWS Security Hub (S3.5, S3.8), cdk-nag S2 and S10',
  reason: 'one policy or one list of access by mistake, and everybody reads what lies there',
  types: ['AWS::S3::Bucket'],
  check: (bucket, { Resources }) => {
    const open = BLOCKS.filter((block) => at(bucket, `PublicAccessBlockConfiguration.${block}`) !== true);
    const secured = Object.values(Resources ?? {}).some(
      (other) =>
        other.Type === 'AWS::S3::BucketPolicy' &&
        Resources?.[String(at(other, 'Bucket.Ref'))] === bucket &&
        (listOf(at(other, 'PolicyDocument.Statement')) as readonly Statement[]).some(
          ({ Effect, Condition }) => Effect === 'Deny' && String(Condition?.Bool?.['aws:SecureTransport']) === 'false',
        ),
    );
    return [open.length > 0 && `may be made public (${open.join(', ')})`, !secured && 'is read without TLS too'];
  },
};
