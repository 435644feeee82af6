/** A server for everyone: limited for each caller, audited, and found by its card. */
import { Hono } from 'hono';
import { log, mcp, type OnToolCall, serverCards } from '#framework';
import { dice } from './servers/dice.ts';

/** Logs which tool was called and how it ended, and hides the text of exceptions. */
const audited: OnToolCall = async (ctx, { name }, next) => {
  const result = await next();
  log(ctx).info('Tool called', { name, failed: result.isError === true });
  return result.isError ? { ...result, content: [{ type: 'text', text: 'The tool failed.' }] } : result;
};

const limits = { perCaller: { calls: 60, seconds: 60, parallel: 3 } };
const card = { name: 'com.example/dice', version: '1.0.0', description: 'Rolls dice.' };

export const routes = new Hono()
  .route('/mcp', mcp(dice, { limits, onToolCall: audited }))
  .route('/', serverCards({ '/mcp': card }));
