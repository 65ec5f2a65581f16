"""From the graph to a deployment: what services need of AWS, as data; a template, policies and a package made of it."""
