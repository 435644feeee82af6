/** The module that the Runtime Interface Client loads for the handler `authorizer.request`. An invalid setting makes init fail. */
import '../zod-jitless.ts';
import { createAuthorizer } from '../auth/lambda-authorizer.ts';
import { config } from '../config.ts';

export const request = createAuthorizer(config());
