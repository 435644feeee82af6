/** `npm run token`: creates a bearer token for MCP_AUTH=token, and prints the lines to paste. Nothing is stored. */
import { createHash, randomBytes } from 'node:crypto';

const token = randomBytes(32).toString('hex');
const digest = createHash('sha256').update(token).digest('hex');

process.stdout.write(`Token, for the clients. It is not stored, and the function gets only its SHA-256 digest:
  ${token}

On this machine (in sh):
  MCP_AUTH=token MCP_TOKEN_SHA256=${digest} npm start
  MCP_TOKEN=${token} npm run call -- http://localhost:8080/mcp

On AWS, in terraform/terraform.tfvars (two digests while you rotate):
  auth         = "token"
  token_sha256 = ["${digest}"]
`);
