# fetch_all is on its way out
def load(path):

def load(path):


total = add(1, 2)
    self.prefetch_all()
total = add(1, 2)

total = add(1, 2)


    self.prefetch_all()
    self.prefetch_all()
# fetch_all is on its way out

    return open(path).read()
total = add(1, 2)
def load(path):
total = add(1, 2)

    return open(path).read()
total = add(1, 2)
def load(path):
def load(path):
    self.prefetch_all()
def close(self):
# fetch_all is on its way out
def load(path):
def load(path):

def load(path):


# fetch_all is on its way out
def close(self):
# fetch_all is on its way out
    self.prefetch_all()
    self.prefetch_all()
total = add(1, 2)
def close(self):
def close(self):
    self.prefetch_all()
    return open(path).read()
def close(self):

def close(self):
    self.prefetch_all()
def close(self):
def load(path):
# fetch_all is on its way out
# fetch_all is on its way out

def close(self):
def close(self):

# fetch_all is on its way out
total = add(1, 2)

