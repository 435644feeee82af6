/** The root module used as a module of another configuration. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Deployment } from './helpers/deployment.ts';
import { describeTerraform, Terraform } from './helpers/terraform.ts';
import { ACCOUNT, REGION } from './publish-image/fake/machine.ts';

let terraform: Terraform;
beforeAll(async () => {
  terraform = await Terraform.start();
});
afterAll(() => terraform?.[Symbol.dispose]());

describeTerraform('values of other resources, which are known only after apply,', () => {
  test('can be used for every variable that decides whether a resource exists', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    terraform.machine.setTags('own', { v1: digest });
    const image = `image_uri=${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/own@${digest}`;
    const deployment = Deployment.ofFixture(terraform, 'values-from-resources', [image]);
    await deployment.init();
    await deployment.apply();
    expect(await deployment.pending()).toBe(0);

    const { account } = terraform;
    for (const { response_transfer_mode } of account.all('aws_api_gateway_integration'))
      expect(response_transfer_mode, 'a REST API streams from a VPC').toBe('STREAM');
    expect(account.all('aws_wafv2_web_acl_association')).toHaveLength(1);
    expect(account.all('aws_acm_certificate')).toHaveLength(1);
    expect(account.all('aws_route53_record').map(({ name, type }) => `${name} ${type}`)).toEqual(
      expect.arrayContaining(['rest.example.com A', 'http.example.com AAAA', 'cdn.example.com A']),
    );
    const callers = account.all('aws_lambda_permission').map(({ principal }) => principal);
    expect(callers).toContain('arn:aws:iam::111122223333:role/agents');
    await deployment.destroy();
    expect(account.inventory()).toEqual([]);
  });
});
