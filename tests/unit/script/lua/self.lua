local M = {} M.me = require "self" return M
