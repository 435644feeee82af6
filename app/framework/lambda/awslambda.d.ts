/** The part of the global object of aws-lambda-ric that is used here. */
declare global {
  var awslambda: {
    streamifyResponse<H>(handler: H): H;
    /** Returns a stream that writes `head` as JSON before the first chunk. */
    HttpResponseStream: { from<S>(stream: S, head: object): S };
  };
}

export {};
