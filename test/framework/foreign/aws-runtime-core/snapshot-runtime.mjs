/** The smallest runtime that speaks the snapshot protocol: https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-custom.html */
const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
if (process.env.AWS_LAMBDA_INITIALIZATION_TYPE === 'snap-start') {
  const restored = await fetch(`${api}/restore/next`);
  console.log('restored', restored.status, await restored.text());
}
for (;;) {
  const next = await fetch(`${api}/invocation/next`);
  await next.text();
  const id = next.headers.get('lambda-runtime-aws-request-id');
  await (await fetch(`${api}/invocation/${id}/response`, { method: 'POST', body: '"served"' })).text();
}
