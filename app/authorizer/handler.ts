/** The module that the Runtime Interface Client loads for the handler `authorizer.request`. A bad setting stops its init. */
import { config } from '../config.ts';
import { authorizer } from './authorizer.ts';

export const request = authorizer(config());
