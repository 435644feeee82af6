/**
 * Deletes images by a repository's lifecycle policy, as ECR does.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
 */
import type { Account } from './account.ts';

interface Rule {
  rulePriority: number;
  selection: {
    tagStatus: 'any' | 'tagged';
    tagPrefixList?: string[];
    countType: string;
    countNumber: number;
  };
}

type Image = [digest: string, tags: string[]];

/** Applies the policy to the images of a repository, in the order of their push. */
export function expireImages(account: Account, repository: string): void {
  const { policy = '' } = account.need('aws_ecr_lifecycle_policy', repository, 'No lifecycle policy');
  const { rules } = JSON.parse(String(policy)) as { rules: Rule[] };
  const images = imagesOf(account, repository);
  const expired = new Set<Image>();
  const claimed = new Set<Image>();
  for (const { selection } of rules.sort((a, b) => a.rulePriority - b.rulePriority)) {
    if (selection.countType !== 'imageCountMoreThan')
      throw new Error(`${selection.countType} is not known here`);
    const matching = images.filter(image => matches(selection, image));
    for (const image of matching.slice(0, -selection.countNumber))
      if (!claimed.has(image)) expired.add(image);
    // A rule of lower priority cannot expire images that match the tags of this one.
    for (const image of matching) claimed.add(image);
  }
  const kept = images.filter(image => !expired.has(image));
  const tags = kept.flatMap(([digest, names]) => names.map(name => [name, digest] as const));
  account.machine.setTags(repository, Object.fromEntries(tags), account.region);
}

function imagesOf({ machine, region }: Account, repository: string): Image[] {
  const images = new Map<string, string[]>();
  for (const [tag, digest] of Object.entries(machine.tags(repository, region) ?? {}))
    images.set(digest, [...(images.get(digest) ?? []), tag]);
  return [...images];
}

function matches({ tagStatus, tagPrefixList = [] }: Rule['selection'], [, tags]: Image): boolean {
  return tagStatus === 'any' || tags.some(tag => tagPrefixList.some(prefix => tag.startsWith(prefix)));
}
