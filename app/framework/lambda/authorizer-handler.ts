/** The module that the Runtime Interface Client loads for the handler `authorizer.request`. A bad setting stops its init. */

import { createAuthorizer } from '../auth/lambda-authorizer.ts';
import { config } from '../config.ts';

export const request = createAuthorizer(config());
