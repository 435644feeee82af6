/** The global that aws-lambda-ric gives to handlers, as far as it is used here. */
declare global {
  var awslambda: {
    streamifyResponse<H>(handler: H): H;
  };
}

export {};
