import type { Topology } from '@penstock/model';
import { CfnOutput, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Repository, RepositoryEncryption, TagMutability, TagStatus } from 'aws-cdk-lib/aws-ecr';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { artifactsOf, imageNames, UNTAGGED_IMAGE_DAYS } from '../artifacts.ts';
import { exempt } from './exemption.ts';

export interface ArtifactStoreProps {
  readonly topology: Topology;
  /** Repositories for images of others, by the names that they have where they come from. @default - none */
  readonly copies?: readonly string[];
}

/**
 * Where a platform's images and model weights lie on AWS: a repository per image, whose tags never move, and a bucket
 * whose keys are `<model>/<revision>/`. Both outlive their stack: what runs somewhere is pulled from here.
 */
export class ArtifactStore extends Construct {
  /** The raw resources; repositories by the name of the image. For what no prop offers, change their L1 child. */
  readonly nodes: { readonly repositories: Readonly<Record<string, Repository>>; readonly weights: Bucket };

  constructor(scope: Construct, id: string, { topology, copies = [] }: ArtifactStoreProps) {
    super(scope, id);
    const artifacts = artifactsOf(topology);
    const repositories = Object.fromEntries(
      [...imageNames(artifacts), ...copies].map((name) => [name, this.#repository(topology, name)]),
    );
    const weights = this.#weights();
    this.nodes = { repositories, weights };
    for (const [name, repository] of Object.entries(repositories)) {
      new CfnOutput(this, `${pascalCase(name)}Image`, { value: repository.repositoryUri });
    }
    for (const { id: model, prefix } of artifacts.models) {
      new CfnOutput(this, `${pascalCase(model)}Weights`, { value: weights.s3UrlForObject(prefix) });
    }
  }

  #repository(topology: Topology, name: string): Repository {
    return new Repository(this, pascalCase(name), {
      repositoryName: `${topology.name}/${name}`,
      imageTagMutability: TagMutability.IMMUTABLE,
      imageScanOnPush: true,
      encryption: RepositoryEncryption.KMS,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        { rulePriority: 1, tagStatus: TagStatus.UNTAGGED, maxImageAge: Duration.days(UNTAGGED_IMAGE_DAYS) },
      ],
    });
  }

  #weights(): Bucket {
    const weights = new Bucket(this, 'Weights', {
      versioned: true,
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy: RemovalPolicy.RETAIN,
      // An upload of gigabytes that broke off would be paid for, unseen, for ever.
      lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(7) }],
    });
    exempt(weights, {
      because:
        'who read what is a matter of CloudTrail and its data events; logs of access come late, and may miss some',
      nag: ['S1'],
      checkov: ['CKV_AWS_18'],
    });
    return weights;
  }
}

/** `models/all-minilm-l6-v2` is `ModelsAllMinilmL6V2`: logical ids have letters and digits only. */
const pascalCase = (name: string): string =>
  name
    .split(/[^A-Za-z0-9]+/)
    .map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
    .join('');
