module api_load

go 1.19
