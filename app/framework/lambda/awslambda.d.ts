/** The part of the global object of aws-lambda-ric that is used here. */
declare global {
  var awslambda: {
    streamifyResponse<H>(handler: H): H;
  };
}

export {};
