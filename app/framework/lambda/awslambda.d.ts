/** The global that aws-lambda-ric gives to handlers, as far as it is used here. */
declare global {
  var awslambda: {
    streamifyResponse<H>(handler: H): H;
    /** Gives `stream` a head, in JSON, that goes before what is written first. */
    HttpResponseStream: { from<S>(stream: S, head: object): S };
  };
}

export {};
