/** Cognito's user pools: sign-in pages need a domain, a client and a style. */
import { createHash, randomUUID } from 'node:crypto';
import type { Attributes } from '../values.ts';
import { type Account, refuse } from './account.ts';
import { type Resource, text } from './resource.ts';

const id = (): string => createHash('sha256').update(randomUUID()).digest('hex');

const needPool = (account: Account, attributes: Attributes): Attributes =>
  account.need(
    'aws_cognito_user_pool',
    text(attributes, 'user_pool_id'),
    `ResourceNotFoundException: User pool ${attributes.user_pool_id} does not exist.`,
  );

const pool: Resource = {
  name: attributes => text(attributes, 'id'),
  create(account) {
    const name = `${account.region}_${id().slice(0, 9)}`;
    const { dns_suffix } = account.partition;
    return {
      id: name,
      arn: account.arn('cognito-idp', `userpool/${name}`),
      endpoint: `cognito-idp.${account.region}.${dns_suffix}/${name}`,
    };
  },
  remove(account, attributes) {
    if (attributes.deletion_protection === 'ACTIVE')
      refuse(
        'InvalidParameterException: The user pool cannot be deleted because deletion protection is activated.',
      );
    const domains = account.all('aws_cognito_user_pool_domain');
    if (domains.some(({ user_pool_id }) => user_pool_id === attributes.id))
      refuse(
        'InvalidParameterException: User pool cannot be deleted. It has a domain configured that should be deleted first.',
      );
  },
};

const domain: Resource = {
  name: attributes => text(attributes, 'domain'),
  create(account, attributes) {
    needPool(account, attributes);
    if (/aws|amazon|cognito/.test(text(attributes, 'domain')))
      refuse('InvalidParameterException: Domain cannot contain reserved word.');
    return { id: text(attributes, 'domain') };
  },
};

const client: Resource = {
  name: attributes => text(attributes, 'id'),
  create(account, attributes) {
    needPool(account, attributes);
    for (const url of (attributes.callback_urls ?? []) as string[])
      if (!url.startsWith('https://'))
        refuse(`InvalidParameterException: ${url} cannot use the HTTP protocol.`);
    return { id: id().slice(0, 26), client_secret: attributes.generate_secret ? id() : '' };
  },
};

const branding: Resource = {
  name: attributes => text(attributes, 'client_id'),
  create(account, attributes) {
    needPool(account, attributes);
    account.need(
      'aws_cognito_user_pool_client',
      text(attributes, 'client_id'),
      `ResourceNotFoundException: User pool client ${attributes.client_id} does not exist.`,
    );
    return { managed_login_branding_id: randomUUID() };
  },
};

export const COGNITO: Readonly<Record<string, Resource>> = {
  aws_cognito_managed_login_branding: branding,
  aws_cognito_user_pool: pool,
  aws_cognito_user_pool_client: client,
  aws_cognito_user_pool_domain: domain,
};

export const COGNITO_REPLACED_BY = {
  aws_cognito_managed_login_branding: ['client_id', 'user_pool_id', 'region'],
  aws_cognito_user_pool: [
    'alias_attributes',
    'name',
    'username_attributes',
    'username_configuration',
    'region',
  ],
  aws_cognito_user_pool_client: ['generate_secret', 'user_pool_id', 'region'],
  aws_cognito_user_pool_domain: ['domain', 'user_pool_id', 'region'],
};
